// The function app on Flex Consumption, its settings, and the sign-in in front of it.
param location string
param tags object
param name string
param planName string
param identityId string
param identityClientId string
param hostStorageName string
param deploymentContainerName string
param tableServiceUri string
param applicationInsightsName string
param keyVaultUri string
param authClientId string
param partnerCenterEnabled bool
param partnerCenterTenantId string
param partnerCenterClientId string
param partnerCenterUsesClientSecret bool
param syncSchedule string
param partnerDomains string
param tenantLookupEnabled bool
param retentionMonths int
param writeEnabled bool
param publicUrl string
param mailVia string
param mailFrom string
param mailEndpoint string
param webhookEnabled bool
param dynamicsEnabled bool
param dynamicsUrl string
param dynamicsTenantId string
param dynamicsClientId string
param dynamicsUsesClientSecret bool
param dynamicsUsesSetupSecret bool
param dynamicsPush string
param dynamicsAppId string
param settingOverrides object
param subnetId string
param alwaysReadyHttpInstances int

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: hostStorageName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// References without a version follow the newest one (within a day, or at once after a restart).
var tokenCacheKeyReference = '@Microsoft.KeyVault(SecretUri=${keyVaultUri}secrets/token-cache-key)'
var dynamicsSecretReference = '@Microsoft.KeyVault(SecretUri=${keyVaultUri}secrets/dynamics-client-secret)'
var dynamicsSetupSecretReference = '@Microsoft.KeyVault(SecretUri=${keyVaultUri}secrets/dynamics-setup-secret)'
var clientSecretReference = '@Microsoft.KeyVault(SecretUri=${keyVaultUri}secrets/partner-center-client-secret)'

// What the app reads (shared/core/settings.py). HUNTER_STORAGE, a connection string, is missing on purpose: identity only.
var hunterSettings = {
  HUNTER_PARTNER_CENTER_ENABLED: partnerCenterEnabled ? 'true' : 'false'
  HUNTER_PARTNER_CENTER_API_URL: 'https://api.partner.microsoft.com'
  HUNTER_PARTNER_CENTER_TENANT_ID: partnerCenterTenantId
  HUNTER_PARTNER_CENTER_CLIENT_ID: partnerCenterClientId
  HUNTER_PARTNER_CENTER_CLIENT_SECRET: partnerCenterUsesClientSecret ? clientSecretReference : ''
  HUNTER_PARTNER_CENTER_AUTHORITY: environment().authentication.loginEndpoint
  HUNTER_PARTNER_CENTER_SCOPE: 'https://api.partner.microsoft.com/.default'
  HUNTER_PARTNER_CENTER_SYNC_SCHEDULE: syncSchedule
  HUNTER_PARTNER_CENTER_FULL_SYNC_HOURS: '24'
  HUNTER_PARTNER_CENTER_PAGE_INTERVAL_SECONDS: '0.2'
  HUNTER_PARTNER_CENTER_OVERLAP_MINUTES: '60'
  HUNTER_STORAGE__tableServiceUri: tableServiceUri
  HUNTER_STORAGE__clientId: identityClientId
  HUNTER_TOKEN_CACHE_KEY: tokenCacheKeyReference
  HUNTER_TENANT_LOOKUP_ENABLED: tenantLookupEnabled ? 'true' : 'false'
  HUNTER_PARTNER_DOMAINS: partnerDomains
  HUNTER_ROLE_READ: 'Referrals.Read'
  HUNTER_ROLE_WRITE: 'Referrals.Write'
  HUNTER_ROLE_OPERATE: 'Referrals.Operate'
  HUNTER_RETENTION_MONTHS: string(retentionMonths)
  HUNTER_WRITE_ENABLED: writeEnabled ? 'true' : 'false'
  HUNTER_UNDO_SECONDS: '20'
  HUNTER_PUBLIC_URL: publicUrl
  HUNTER_TEAMS_HOSTS: 'logic.azure.com,api.powerplatform.com'
  HUNTER_MAIL_VIA: mailVia
  HUNTER_MAIL_FROM: mailFrom
  HUNTER_MAIL_ENDPOINT: mailEndpoint
  HUNTER_MAIL_CLIENT_ID: identityClientId
  HUNTER_WEBHOOK_ENABLED: webhookEnabled ? 'true' : 'false'
  HUNTER_PARTNER_CENTER_WEBHOOK_URL: 'https://api.partnercenter.microsoft.com'
  HUNTER_WEBHOOK_CERTIFICATE_HOSTS: '3psostorageacct.blob.core.windows.net'
  HUNTER_WEBHOOK_CERTIFICATE_SUBJECTS: 'pcnotifications-dispatch.microsoft.com'
  HUNTER_DYNAMICS_ENABLED: dynamicsEnabled ? 'true' : 'false'
  HUNTER_DYNAMICS_URL: dynamicsUrl
  HUNTER_DYNAMICS_TENANT_ID: dynamicsTenantId
  HUNTER_DYNAMICS_CLIENT_ID: empty(dynamicsClientId) ? identityClientId : dynamicsClientId
  HUNTER_DYNAMICS_CLIENT_SECRET: dynamicsUsesClientSecret ? dynamicsSecretReference : ''
  HUNTER_DYNAMICS_SETUP_CLIENT_ID: ''
  HUNTER_DYNAMICS_SETUP_SECRET: dynamicsUsesSetupSecret ? dynamicsSetupSecretReference : ''
  HUNTER_DYNAMICS_AUTHORITY: ''
  HUNTER_DYNAMICS_PUSH: dynamicsPush
  HUNTER_DYNAMICS_APP_ID: dynamicsAppId
}

var platformSettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  AzureWebJobsDisableHomepage: 'true'
  AzureWebJobsStorage__blobServiceUri: hostStorage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__credential: 'managedidentity'
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  // The worker sets OpenTelemetry up itself and exports our own logger alone; host.json has telemetryMode.
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'shared'
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.12'
      }
      scaleAndConcurrency: {
        // Enough for any sales team, and a lid on what a flood of requests can cost.
        maximumInstanceCount: 40
        instanceMemoryMB: 2048
        alwaysReady: alwaysReadyHttpInstances == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReadyHttpInstances
          }
        ]
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'appsettings'
  properties: union(hunterSettings, platformSettings, settingOverrides)
}

// Nobody gets through without a sign-in in this tenant; the app then checks the roles.
resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      // Exactly these: what is open says nothing, or believes nobody but Microsoft's signature. No wildcard, no other spelling.
      excludedPaths: [
        '/api/health'
        '/api/v1/partner-center/events'
      ]
    }
    httpSettings: {
      requireHttps: true
      // Front Door and the like say in X-Forwarded-Host under which name people came.
      forwardProxy: {
        convention: empty(publicUrl) ? 'NoProxy' : 'Standard'
      }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        login: {
          loginParameters: [
            'scope=openid profile email'
          ]
        }
        validation: {
          allowedAudiences: [
            authClientId
          ]
        }
      }
    }
    login: {
      // The app needs who somebody is, not their tokens: none is kept.
      tokenStore: {
        enabled: false
      }
      cookieExpiration: {
        convention: 'FixedTime'
        timeToExpiration: '08:00:00'
      }
    }
  }
  dependsOn: [
    settings
  ]
}
